/** The resource group of a resource id. */
export function groupOf(id: string): string {
  return id.split('/')[4] ?? ''
}
