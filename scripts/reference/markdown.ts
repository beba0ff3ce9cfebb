/** A table without padding. Cells are Markdown; a missing cell is empty. */
export function table(columns: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const line = (cells: readonly (string | undefined)[]) => `| ${cells.map(cell).join(' | ')} |`
  const separator = `| ${columns.map(() => '---').join(' | ')} |`
  return [line(columns), separator, ...rows.map(line), ''].join('\n')
}

function cell(text: string | undefined): string {
  return (text ?? '').replaceAll(/\s*\n\s*/g, ' ').replaceAll(/(?<!\\)\|/g, String.raw`\|`)
}

/** The text as code. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}

/** A block of code. */
export function block(text: string, language = ''): string {
  return `\`\`\`${language}\n${text.replace(/^\n+|\s+$/g, '')}\n\`\`\`\n`
}

/** A link to a heading of the same page, with the anchor that GitHub gives it. */
export function linkTo(heading: string): string {
  const anchor = heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
  return `[${heading}](#${anchor})`
}
