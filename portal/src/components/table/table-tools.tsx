import {
  Button,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItemCheckbox,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { TableSettingsRegular } from '@fluentui/react-icons'
import type { ReactNode } from 'react'
import { tableTexts } from '../texts/table.ts'
import { type Column, chosenColumns, columnId, toggleColumn } from './columns.ts'
import { type RowHeight, rowHeights, useRowHeight } from './row-height.ts'
import type { TableState } from './table-state.ts'
import { ViewsMenu } from './views-menu.tsx'

const narrow = '@media (max-width: 720px)'

const useStyles = makeStyles({
  tools: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    // On a phone, the tools scroll in one line, so that the rows are near the top.
    [narrow]: {
      flexWrap: 'nowrap',
      overflowX: 'auto',
      // The focus of a tool is visible.
      padding: '3px',
      margin: '-3px',
      '& > *': { flexShrink: 0 },
    },
  },
  end: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    marginLeft: 'auto',
    [narrow]: { flexWrap: 'nowrap', marginLeft: 0 },
  },
})

type TableToolsProps<Row> = {
  /** The list whose named views are stored in the browser. */
  readonly list: string
  readonly columns: readonly Column<Row>[]
  readonly state: TableState
  /** The filters. */
  readonly children: ReactNode
  /** What is before the menus, such as a choice between list and tree. */
  readonly end?: ReactNode
}

/** The line above a table: its filters, its columns, and the named views. */
export function TableTools<Row>({ list, columns, state, children, end }: TableToolsProps<Row>) {
  const styles = useStyles()
  return (
    <div className={styles.tools}>
      {children}
      <div className={styles.end}>
        {end}
        <ColumnsMenu columns={columns} state={state} />
        <ViewsMenu list={list} />
      </div>
    </div>
  )
}

const heightTexts: Readonly<Record<RowHeight, string>> = { compact: tableTexts.compact, roomy: tableTexts.roomy }

function ColumnsMenu<Row>({
  columns,
  state,
}: {
  readonly columns: readonly Column<Row>[]
  readonly state: TableState
}) {
  const [height, chooseHeight] = useRowHeight()
  const shown = chosenColumns(columns, state.columns).map(columnId)
  return (
    <Menu
      checkedValues={{ columns: shown, height: [height] }}
      onCheckedValueChange={(_event, { name, checkedItems }) => {
        if (name === 'height') chooseHeight(checkedItems[0] === 'roomy' ? 'roomy' : 'compact')
        const changed = columns
          .map(columnId)
          .find((id) => name === 'columns' && shown.includes(id) !== checkedItems.includes(id))
        if (changed !== undefined) state.change({ columns: toggleColumn(columns, state.columns, changed) })
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" icon={<TableSettingsRegular />}>
          {tableTexts.columns}
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{tableTexts.columns}</MenuGroupHeader>
            {columns.slice(1).map((column) => (
              <MenuItemCheckbox key={columnId(column)} name="columns" value={columnId(column)}>
                {column.title}
              </MenuItemCheckbox>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>{tableTexts.rows}</MenuGroupHeader>
            {Object.keys(rowHeights).map((name) => (
              <MenuItemRadio key={name} name="height" value={name}>
                {heightTexts[name as RowHeight]}
              </MenuItemRadio>
            ))}
          </MenuGroup>
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
