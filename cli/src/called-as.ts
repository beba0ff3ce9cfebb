import path from 'node:path'

/** A program of this package. */
type Program = { readonly main: (args: readonly string[]) => Promise<void> }

/**
 * The programs that this executable runs under other names. A link with the name of a program starts this program. Each
 * program must load only necessary modules, because callers wait for the program.
 */
const otherPrograms: ReadonlyMap<string, () => Promise<Program>> = new Map([
  ['docker-credential-acrux', () => import('./resources/credential-helper/main.ts')],
  ['acrux-credential-provider', () => import('./resources/credential-provider/main.ts')],
])

/** The names of the other programs, for the packages, which contain the links. */
export const otherNames: readonly string[] = [...otherPrograms.keys()]

/** Runs the program that the name of the called file selects: `acrux` for all names that are not in the table. */
export async function main(args: readonly string[]): Promise<void> {
  const { name } = path.parse(process.argv[1] ?? '')
  const load = otherPrograms.get(name) ?? (() => import('./table/command-line.ts'))
  await (await load()).main(args)
}
