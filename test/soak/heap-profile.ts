import { readFileSync } from 'node:fs'

type Node = {
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly selfSize: number
  readonly children: readonly Node[]
}

const shown = 20

/** What holds the heap in a sampling profile: the functions that allocated most of what is still alive, as lines of text. */
export function describeHeap(file: string): string[] {
  const { head } = JSON.parse(readFileSync(file, 'utf8')) as { readonly head: Node }
  const sizes = new Map<string, number>()
  const visit = ({ callFrame, selfSize, children }: Node): void => {
    const { functionName, url, lineNumber } = callFrame
    const place = `${functionName || '(anonymous)'} ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`
    sizes.set(place, (sizes.get(place) ?? 0) + selfSize)
    for (const child of children) visit(child)
  }
  visit(head)
  const largest = [...sizes].toSorted(([, one], [, other]) => other - one).slice(0, shown)
  return [
    'heap, by the function that allocated it:',
    ...largest.map(([place, size]) => `  ${(size / 2 ** 20).toFixed(2)} MiB ${place}`),
  ]
}
