/** The address of a view by the name of its registry, in place of the address with the login server. The rest stays as it is. */
export function renamedAddress(href: string, name: string): string {
  return href.replace(/\/registries\/[^/?#]+/, `/r/${encodeURIComponent(name)}`)
}
