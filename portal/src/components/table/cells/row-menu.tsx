import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from '@fluentui/react-components'
import { MoreHorizontalRegular } from '@fluentui/react-icons'
import type { Column } from '../columns.ts'
import { words } from '../../texts/words.ts'

/** What can be done with a row. */
export type RowAction<Row> = {
  readonly label: string
  /** Why it cannot be done. */
  readonly reason?: string | undefined
  readonly act: (row: Row) => void
}

/** The column with the menu of each row. `labelOf` names the button, for screen readers. */
export function menuColumn<Row>(
  labelOf: (row: Row) => string,
  actionsOf: (row: Row) => readonly RowAction<Row>[],
): Column<Row> {
  return {
    id: 'actions',
    title: words.actions,
    width: 1.75,
    hidesTitle: true,
    onPhone: 'end',
    cell: (row) => <RowMenu row={row} label={labelOf(row)} actionsOf={actionsOf} />,
  }
}

type RowMenuProps<Row> = {
  readonly row: Row
  readonly label: string
  readonly actionsOf: (row: Row) => readonly RowAction<Row>[]
}

function RowMenu<Row>({ row, label, actionsOf }: RowMenuProps<Row>) {
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" icon={<MoreHorizontalRegular />} aria-label={label} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {actionsOf(row).map(({ label: text, reason, act }) => (
            <MenuItem
              key={text}
              disabled={reason !== undefined}
              {...(reason !== undefined && { title: reason })}
              onClick={() => act(row)}
            >
              {text}
            </MenuItem>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
