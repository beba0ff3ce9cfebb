/** Where the links of settings begin: the folder of the references. */
const base = 'file:///docs/reference/'

/** Writes the Markdown links of a text for a terminal: the words, and the page in parentheses. */
export function plainLinks(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, words: string, target: string) => {
    const { protocol, href, pathname, hash } = new URL(target, base)
    return `${words} (${protocol === 'file:' ? `${pathname.slice(1)}${hash}` : href})`
  })
}
