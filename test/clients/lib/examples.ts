import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The root of the repository, without a slash at the end. */
export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

/** A document, as text. `page` is its path from the root of the repository. */
export function readDocument(page: string): string {
  return readFileSync(`${root}/${page}`, 'utf8')
}

/** The blocks of a document that are marked with `run=NAME`, in order. */
export function examplesOf(document: string, name: string): string {
  const blocks = [...document.matchAll(new RegExp(`^\`\`\`\\w+ run=${name}\n(.*?)^\`\`\``, 'gms'))]
  assert.ok(blocks.length > 0, `the document has no example ${name}`)
  return blocks.map(([, block]) => block ?? '').join('\n')
}

/**
 * One script of the blocks that are marked with `run=NAME`, `run=NAME-denied` and `run=NAME-revoked`, in order. Every
 * line of a block that is denied or revoked must fail.
 */
export function storyOf(document: string, name: string): string {
  const blocks = [...document.matchAll(new RegExp(`^\`\`\`sh run=${name}(-denied|-revoked)?\n(.*?)^\`\`\``, 'gms'))]
  assert.ok(blocks.length > 0, `the document has no example ${name}`)
  return blocks
    .map(([, mustFail, block = '']) =>
      mustFail === undefined
        ? block
        : block.trim().replaceAll(/^.+$/gm, (line) => `if ${line}; then echo "not denied: ${line}" >&2; exit 1; fi`),
    )
    .join('\n')
}
