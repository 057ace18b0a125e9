import htm from "htm"

const { createElement, useEffect, useState } = window.React
const html = htm.bind(createElement) // JSX without a compiler

async function genapp(path, fields) {
  const answer = await fetch(path, {
    method: fields ? "POST" : "GET",
    headers: { Accept: "application/json", ...(fields && { "Content-Type": "application/json" }) },
    body: fields && JSON.stringify(fields),
  })
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.detail)
  return body
}

// What is shown after a message of the stream.
function after(shown, message) {
  switch (message.type) {
    case "status":
      return { ...shown, status: message.status }
    case "chunk":
      return { ...shown, text: shown.text + message.content }
    case "snapshot":
      return { ...shown, text: message.content }
    case "complete":
      return { ...shown, text: message.content, status: "completed" }
    case "cancelled":
    case "failed":
      return { ...shown, text: message.content, status: message.type, error: message.error?.message }
    default:
      return shown
  }
}

// A generation's text and status, live. An EventSource comes back by itself when its connection is lost, says what it
// had last, and is told 204 after the end. It gives up at an error, say of a proxy: then we come back for it.
function useGeneration(generation) {
  const [shown, setShown] = useState({ text: "", status: "" })
  useEffect(() => {
    if (!generation) return undefined
    setShown({ text: generation.content, status: generation.status, error: generation.error?.message })
    if (!generation.stream_url) return undefined // it has ended
    let source, timer
    let ended = false
    const follow = (last) => {
      source = new EventSource(generation.stream_url + (last ? `&after=${encodeURIComponent(last)}` : ""))
      source.onmessage = ({ data, lastEventId }) => {
        last = lastEventId
        const message = JSON.parse(data)
        ended = ["complete", "cancelled", "failed"].includes(message.type)
        setShown((before) => after(before, message))
      }
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED && !ended) timer = setTimeout(follow, 2000, last)
      }
    }
    follow()
    return () => {
      clearTimeout(timer)
      source.close()
    }
  }, [generation])
  return shown
}

function App() {
  const [generation, setGeneration] = useState(null)
  const [error, setError] = useState("")
  const { text, status, error: failure } = useGeneration(generation)
  const running = ["queued", "processing"].includes(status)

  // The address knows what is shown, so a reload shows it again.
  useEffect(() => {
    const id = location.hash.slice(1)
    if (id) genapp(`/generations/${id}`).then(setGeneration, ({ message }) => setError(message))
  }, [])

  async function ask(event) {
    event.preventDefault()
    setError("")
    try {
      const made = await genapp("/generations", { prompt: event.target.elements.prompt.value })
      history.replaceState(null, "", `#${made.id}`)
      setGeneration(made)
    } catch ({ message }) {
      setError(message)
    }
  }

  const stop = () => genapp(`${generation.url}/cancellation`, {}).catch(({ message }) => setError(message))

  return html`
    <form onSubmit=${ask}>
      <label>Question <textarea name="prompt" required></textarea></label>
      <button>Ask</button>
      ${running && html`<button type="button" onClick=${stop}>Stop</button>`}
    </form>
    <p role="alert">${error || failure}</p>
    <p role="status">${status}</p>
    <pre id="answer" style=${{ whiteSpace: "pre-wrap" }}>${text}</pre>
  `
}

window.ReactDOM.createRoot(document.getElementById("root")).render(html`<${App} />`)
