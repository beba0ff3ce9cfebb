import type { Rendered } from './render.ts'

/** What the search knows about the text below a heading: the URL, the headings that lead there, and the text. */
export type SearchEntry = readonly [url: string, headings: string, text: string]

/** Long generated sections are found by their beginning, and by their headings. */
const maxTextLength = 1200

/** The index that the script of the search page reads. */
export function searchIndex(pages: readonly Rendered[]): SearchEntry[] {
  return pages.flatMap(({ page, title, sections }) =>
    sections.map(({ level, id, heading, text }): SearchEntry => {
      const url = level === 1 ? page : `${page}#${id}`
      return [url, level === 1 ? title : `${title} › ${heading}`, text.slice(0, maxTextLength)]
    }),
  )
}
