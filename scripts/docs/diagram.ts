import { escapeHtml } from './html.ts'

/** One line of a diagram: who sends what to whom, or what depends on what. */
type Step = { readonly from: string; readonly to: string; readonly label: string }

/**
 * A Mermaid diagram as a list, since the pages load no library that draws. A sequence is a numbered list of its messages, and a
 * flowchart a list of its arrows.
 */
export function diagramHtml(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  const isSequence = lines[0] === 'sequenceDiagram'
  const steps = isSequence ? messagesOf(lines.slice(1)) : arrowsOf(lines.slice(1))
  if (steps.length === 0) throw new Error(`a diagram has no arrow: ${text}`)
  const tag = isSequence ? 'ol' : 'ul'
  const items = steps.map(
    ({ from, to, label }) =>
      `<li><b>${escapeHtml(from)}</b> → <b>${escapeHtml(to)}</b>${label === '' ? '' : `: ${escapeHtml(label)}`}</li>`,
  )
  return `<${tag} class="diagram">\n${items.join('\n')}\n</${tag}>\n`
}

function messagesOf(lines: readonly string[]): Step[] {
  const names = new Map<string, string>()
  return lines.flatMap((line): Step[] => {
    const [, id, name] = /^(?:participant|actor) (\w+) as (.+)$/.exec(line) ?? []
    if (id !== undefined && name !== undefined) names.set(id, name)
    const [, from, to, label] = /^(\w+)--?>>(\w+): (.+)$/.exec(line) ?? []
    if (from === undefined || to === undefined || label === undefined) return []
    return [{ from: names.get(from) ?? from, to: names.get(to) ?? to, label }]
  })
}

/** A node, with its text if it has one here: `id`, `id["text"]` or `id[("text")]`. */
const node = /^([\w-]+?)(?:_)?(?:\[\(?"([^"]*)"\)?\])?$/
/** An arrow, with its text if it has one: `-->`, `-- "text" -->`, `-. text .->`. */
const arrow = /\s+(?:-->|--\s+"([^"]+)"\s+-->|-\.\s+(.+?)\s+\.->)\s+/

function arrowsOf(lines: readonly string[]): Step[] {
  const names = new Map<string, string>()
  const steps: Step[] = []
  const read = (text: string): string[] =>
    text.split(/\s*[&;]\s*/).flatMap((part) => {
      const [, id, label] = node.exec(part.replace(/^subgraph /, '')) ?? []
      if (id === undefined) return []
      if (label !== undefined) names.set(id, plain(label))
      return [id]
    })
  for (const line of lines) {
    // The texts of arrows are in the odd places, two for each arrow.
    const parts = line.split(arrow)
    let before = read(parts[0] ?? '')
    for (let at = 3; at < parts.length; at += 3) {
      const next = read(parts[at] ?? '')
      const label = plain(parts[at - 2] ?? parts[at - 1] ?? '')
      steps.push(...before.flatMap((from) => next.map((to) => ({ from, to, label }))))
      before = next
    }
  }
  return steps.map(({ from, to, label }) => ({ from: names.get(from) ?? from, to: names.get(to) ?? to, label }))
}

function plain(text: string): string {
  return text.replaceAll('<br/>', ' ').replaceAll(/<[^>]+>/g, '')
}
