import { statSync } from 'node:fs'
import path from 'node:path'
import { root } from '../set-up.mjs'
import type { Rendered, ResolveLink } from './render.ts'
import type { Source } from './sources.ts'

/** Resolves the links of pages, and collects what they lead to. */
export type Links = {
  readonly resolve: ResolveLink
  /** The files of the repository that pages link to, by their path below the folder of the documents. */
  readonly files: ReadonlyMap<string, string>
  /** The links that lead nowhere. Call it when all pages are rendered. */
  readonly broken: (pages: readonly Rendered[]) => string[]
}

/** A link to a file of the repository that is no page leads to a copy of the file. */
export function createLinks(sources: readonly Source[]): Links {
  const pages = new Map(sources.map(({ file, page }) => [file, page]))
  const files = new Map<string, string>()
  const used: { readonly from: string; readonly target: string; readonly page: string; readonly anchor: string }[] = []
  const missing: string[] = []
  const resolve: ResolveLink = (source, target) => {
    if (/^(?:https?|mailto):/.test(target)) return target
    const [name = '', anchor = ''] = target.split('#')
    const file = name === '' ? source.file : path.posix.join(path.posix.dirname(source.file), name)
    const page = pages.get(file) ?? copyOf(file, files)
    if (page === undefined) {
      missing.push(`${source.file}: ${target}`)
      return undefined
    }
    if (anchor !== '') used.push({ from: source.file, target, page, anchor })
    const fragment = anchor === '' ? '' : `#${anchor}`
    return name === '' ? fragment : relativeUrl(source.page, page) + fragment
  }
  const broken = (rendered: readonly Rendered[]): string[] => {
    const anchors = new Map(rendered.map(({ page, sections }) => [page, new Set(sections.map(({ id }) => id))]))
    const noAnchor = used.filter(({ page, anchor }) => anchors.get(page)?.has(anchor) !== true)
    return [...missing, ...noAnchor.map(({ from, target }) => `${from}: ${target}`)]
  }
  return { resolve, files, broken }
}

/** The URL of a page or file in a link of another page. */
export function relativeUrl(from: string, to: string): string {
  return path.posix.relative(path.posix.dirname(from), to)
}

function copyOf(file: string, files: Map<string, string>): string | undefined {
  const found = statSync(path.join(root, file), { throwIfNoEntry: false })
  if (found === undefined || !found.isFile()) return undefined
  const copy = file.startsWith('docs/') ? file.slice('docs/'.length) : `files/${file}`
  files.set(copy, file)
  return copy
}
