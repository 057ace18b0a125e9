"""What is measured. Each module gives `run(options)`, whose result is JSON, and `table(result)`, which is Markdown."""
