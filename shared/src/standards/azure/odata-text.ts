/** A text as a value in a `$filter`, with its quotes. [OData 4.01 URL conventions §5.1.1.14.1] */
export function odataText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
