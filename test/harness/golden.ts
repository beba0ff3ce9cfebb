import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

function sectionsOf(file: URL): Map<string, string> {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const sections = text.split(/^# /m).slice(1)
  return new Map(
    sections.map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n') + 1)]),
  )
}

/**
 * Asserts that the lines are those of a reviewed file, in the section of that name; ids are masked. To write the
 * sections again, and then review them line by line: `ACRUX_WRITE_GOLDEN=1 npm test -- FILE`.
 */
export function assertGolden(file: URL, section: string, lines: readonly string[]): void {
  const found = `${lines.join('\n').replaceAll(guid, '<id>')}\n\n`
  const sections = sectionsOf(file)
  if (process.env['ACRUX_WRITE_GOLDEN'] === '1') {
    sections.set(section, found)
    writeFileSync(file, [...sections].map(([name, text]) => `# ${name}\n${text}`).join(''))
    return
  }
  assert.deepEqual(found.split('\n'), (sections.get(section) ?? '').split('\n'), `${section} of ${file.pathname}`)
}
