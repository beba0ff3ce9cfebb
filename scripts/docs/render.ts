import { Marked, type Tokens } from 'marked'
import { diagramHtml } from './diagram.ts'
import { escapeHtml } from './html.ts'
import type { Source } from './sources.ts'

/** A heading of a page with the text below it. */
export type Section = { readonly level: number; readonly id: string; readonly heading: string; readonly text: string }

/** A rendered page. */
export type Rendered = Source & {
  readonly title: string
  readonly html: string
  readonly sections: readonly Section[]
}

/** Where a link leads, as it is written in the HTML. Undefined if there is nothing to link to. */
export type ResolveLink = (source: Source, target: string) => string | undefined

/** Renders a page. The Markdown is that of the repository, so its HTML needs no filter. */
export function renderPage(source: Source, resolve: ResolveLink): Rendered {
  const ids = new Map<string, number>()
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens)
        return `<h${depth} id="${escapeHtml(uniqueId(textOf(html), ids))}">${html}</h${depth}>\n`
      },
      code: ({ text, lang }) =>
        lang === 'mermaid'
          ? diagramHtml(text)
          : `<pre tabindex="0"><code>${escapeHtml(text.replace(/^\n+|\s+$/g, ''))}\n</code></pre>\n`,
      link({ href, tokens }) {
        const html = this.parser.parseInline(tokens)
        const target = resolve(source, href)
        if (target === undefined) return html
        return `<a href="${escapeHtml(target)}"${/^https?:/.test(target) ? ' rel="noreferrer"' : ''}>${html}</a>`
      },
      image({ href, text }) {
        const target = resolve(source, href)
        if (target === undefined) throw new Error(`${source.file}: there is no picture ${href}`)
        return `<img src="${escapeHtml(target)}" alt="${escapeHtml(text)}" loading="lazy">`
      },
      // The usual table aligns its cells with styles, which the policy of the pages does not permit.
      table({ header, rows }) {
        const row = (cells: readonly Tokens.TableCell[], tag: string) =>
          `<tr>${cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>\n`
        const body = rows.map((cells) => row(cells, 'td')).join('')
        return `<div class="table" tabindex="0"><table>\n<thead>\n${row(header, 'th')}</thead>\n<tbody>\n${body}</tbody>\n</table></div>\n`
      },
    },
  })
  const html = marked.parse(source.markdown, { async: false })
  const sections = sectionsOf(html)
  const [first] = sections
  if (first?.level !== 1) throw new Error(`${source.file} does not begin with a title`)
  return { ...source, title: first.heading, html, sections }
}

function sectionsOf(html: string): Section[] {
  const [, ...parts] = html.split(/<h([1-6]) id="([^"]*)">/)
  return Array.from({ length: parts.length / 3 }, (_, at) => {
    const [level = '', id = '', content = ''] = parts.slice(at * 3)
    const [heading = '', text = ''] = content.split(/<\/h[1-6]>/)
    return { level: Number(level), id, heading: textOf(heading), text: textOf(text) }
  })
}

/** The text of rendered HTML. */
function textOf(html: string): string {
  return html
    .replaceAll(/<[^>]+>/g, (tag) => (/^<\/?(?:code|a|b|em|strong)\b/.test(tag) ? '' : ' '))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** The anchor that GitHub gives a heading. */
function uniqueId(text: string, ids: Map<string, number>): string {
  const id = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
  const before = ids.get(id) ?? 0
  ids.set(id, before + 1)
  return before === 0 ? id : `${id}-${before}`
}
