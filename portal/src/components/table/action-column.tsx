import type { Column } from './columns.ts'
import { words } from '../texts/words.ts'
import { ActionButton } from '../elements/action-button.tsx'

type RowAction<Row> = {
  readonly text: string
  /** The label of the button in a row, for screen readers. */
  readonly label: (row: Row) => string
  /** Why the person may not act. */
  readonly reason: string | undefined
  readonly act: (row: Row) => void
}

/** The column of a table with a button in each row. */
export function actionColumn<Row>({ text, label, reason, act }: RowAction<Row>): Column<Row> {
  return {
    id: 'actions',
    title: words.actions,
    minWidth: 6,
    onPhone: 'end',
    cell: (row) => (
      <ActionButton size="small" reason={reason} aria-label={label(row)} onClick={() => act(row)}>
        {text}
      </ActionButton>
    ),
  }
}
