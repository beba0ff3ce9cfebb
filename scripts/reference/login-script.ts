/** The template of a CI system with the current script between the lines `(` and `)`, in its first such block. */
export function withLoginScript(template: string, script: string): string {
  return template.replace(/^( *)\(\n.*^\1\)$/ms, (_block, indent: string) => {
    const lines = script.trimEnd().split('\n')
    const inner = lines.map((line) => (line === '' ? '' : `${indent}  ${line}`))
    return [`${indent}(`, ...inner, `${indent})`].join('\n')
  })
}
