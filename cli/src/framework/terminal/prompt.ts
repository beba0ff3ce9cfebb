import { createInterface } from 'node:readline/promises'

/** Asks on the terminal, on standard error so that standard output stays the result. */
export async function promptFor(question: string, hidden: boolean): Promise<string> {
  if (hidden) return askHidden(question)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}

/** Reads a line from the terminal without showing it. */
export function askHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(prompt)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  let line = ''
  return new Promise((resolve) => {
    const end = () => {
      stdin.off('data', take)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
    }
    const take = (typed: string) => {
      for (const character of typed) {
        if (character === '\r' || character === '\n') {
          end()
          resolve(line)
          return
        }
        if (character === '\u0003') {
          end()
          process.exit(130)
        }
        line = character === '\u007f' || character === '\b' ? line.slice(0, -1) : line + character
      }
    }
    stdin.on('data', take)
  })
}
