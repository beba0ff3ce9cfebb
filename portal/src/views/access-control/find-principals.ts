import { type Principal, searchPrincipals } from '../../api/principals.ts'

/** The principals that a text names: those whose name or user name it is, or those whose name begins with it. */
export async function findPrincipals(text: string): Promise<readonly Principal[]> {
  const found = await searchPrincipals(text, new AbortController().signal)
  const exact = found.filter(({ name, detail }) => [name, detail].some((each) => isSame(each, text)))
  return exact.length > 0 ? exact : found
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
