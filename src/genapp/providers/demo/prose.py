"""Sentences the demo model makes paragraphs of: `{s}` is the subject, `{a}` and `{b}` vary."""

from __future__ import annotations

ASPECTS = (
    "the goal", "the audience", "the cost", "the timing", "the first step", "the last detail", "the edge case",
    "the team", "the choice of tools", "the trade-off", "the risk", "the vocabulary", "the history",
    "the feedback", "the budget", "the evidence", "the habit", "the measurement",
)  # fmt: skip

SENTENCES = (
    "With {s}, it pays to begin with {a} and to leave {b} for later.",
    "Most of what is said about {s} comes down to {a}.",
    "Whoever looks at {s} for the first time notices {b} before anything else.",
    "There is a simple test: if {a} cannot be said in one sentence, it is not clear yet.",
    "That does not make {b} unimportant; it only means that {a} decides more.",
    "In practice, {a} and {b} pull in different directions, and the art is in between.",
    "A small example tells more about {s} than a page of theory.",
    "It helps to write {a} down, to sleep on it, and to read it again the next day.",
    "What surprises people about {s} is how much depends on {b}.",
    "Nothing here is final: {a} changes, and an answer about {s} has to change with it.",
    "Some would put {b} first; there are good reasons for that, too.",
    "Ask three people about {s} and you will hear three views of {a}.",
    "The short version is that {a} matters, and that {b} follows from it.",
    "It is worth measuring {a} before and after, because memory is a poor witness.",
    "When in doubt, choose the option that keeps {b} open.",
    "The usual mistake is to settle {b} before {a} is understood.",
    "A good rule of thumb: spend twice as long on {a} as on {b}.",
    "None of this is hard on its own; doing it in the right order is.",
    "If only one thing about {s} stays in mind, let it be {a}.",
    "The rest is patience, and a willingness to look at {b} once more.",
    "You can tell that {a} is right when {b} stops being a topic.",
    "Seen from a distance, {s} is a question of {a}; from close by, of {b}.",
    "It is tempting to skip {b}, and now and then that is even the right thing to do.",
    "Keep a list of what you did not expect about {a}: it is the most useful page you will write.",
)

HEADINGS = (
    "The short version", "Where to begin", "What matters most", "A closer look", "An example", "What can go wrong",
    "The other side", "Habits that help", "Numbers worth knowing", "What others do", "A second opinion",
    "Before you decide", "Small things with large effects", "Questions to ask", "What to leave out", "Next steps",
)  # fmt: skip

POINTS = (
    "**Start small.** One afternoon of {s} teaches more than a week of planning.",
    "**Write down {a}.** What is written can be discussed.",
    "**Keep {b} visible**, on paper or on the wall.",
    "**Ask early.** The best time to ask about {a} is before it hurts.",
    "**Stop when it is good enough.** {s} has no last page.",
    "**Try the opposite** of what you would do about {b}, once.",
    "**Look back** after two weeks: what about {a} would you do again?",
    "**Leave room** for {b}; it always needs more than expected.",
)

QUOTES = (
    "> The map is not the territory, and a plan for {s} is not {s}.",
    "> Make it work, make it right, then leave {b} alone.",
    "> What cannot be explained to a friend is not understood yet.",
)

GREETINGS_ELSEWHERE = "你好 · こんにちは · 안녕하세요 · مرحبا · שלום · नमस्ते · Привет · Γειά σου · สวัสดี · Olá 👋🏽"

EVERYWHERE = (
    "In other words: 「千里之行，始于足下」, a journey of a thousand miles begins with one step. 🥾",
    "日本語で言えば「継続は力なり」, keeping at it is strength. 💪🏻",
    "На русском: «Семь раз отмерь, один раз отрежь», measure seven times, cut once. 📏",
    "بالعربية: «العجلة من الشيطان», haste is of the devil. 🐢",
)

TRANSLATIONS = {
    "german": "Ich bin ein Demomodell und kann nicht wirklich übersetzen.",
    "french": "Je suis un modèle de démonstration et je ne sais pas vraiment traduire.",
    "spanish": "Soy un modelo de demostración y en realidad no sé traducir.",
    "italian": "Sono un modello dimostrativo e non so davvero tradurre.",
    "portuguese": "Sou um modelo de demonstração e não sei realmente traduzir.",
    "russian": "Я демонстрационная модель и на самом деле не умею переводить.",
    "japanese": "私はデモ用のモデルなので、実際には翻訳できません。",
    "chinese": "我是一个演示模型，其实不会翻译。",
    "korean": "저는 데모 모델이라서 실제로는 번역할 수 없습니다.",
    "arabic": "أنا نموذج تجريبي ولا أستطيع الترجمة حقًا.",
    "hindi": "मैं एक डेमो मॉडल हूँ और वास्तव में अनुवाद नहीं कर सकता।",
}
