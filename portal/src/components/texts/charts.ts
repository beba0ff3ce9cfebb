/** The texts of charts. */
export const chartTexts = {
  table: 'Table',
  tableOf: (title: string) => `Show as a table: ${title}`,
  place: 'From',
  path: 'Path',
} as const
