import { Tooltip, mergeClasses } from '@fluentui/react-components'
import { LockClosedRegular } from '@fluentui/react-icons'
import { Fragment, type MouseEvent, type ReactNode } from 'react'
import { Name } from '../elements/name.tsx'
import { tableTexts } from '../texts/table.ts'
import { type Column, columnId } from './columns.ts'
import { SelectBox } from './select-box.tsx'
import { useTableStyles } from './table-styles.ts'

/** Whether a row is selected, and what selects it. */
export type RowSelection = {
  readonly label: string
  readonly isSelected: boolean
  /** Why the row cannot be selected. */
  readonly reason: string | undefined
  readonly select: (isRange: boolean) => void
}

type TableRowProps<Row> = {
  readonly row: Row
  readonly index: number
  readonly columns: readonly Column<Row>[]
  readonly selection: RowSelection | undefined
  readonly isPhone: boolean
  readonly isWrapped: boolean
  readonly isChanged: boolean
  readonly isOpen: boolean
  readonly isFirst: boolean
  readonly measure: ((row: HTMLElement | null) => void) | undefined
  readonly onOpen: (() => void) | undefined
}

/** A row of a table. */
export function TableRow<Row>(props: TableRowProps<Row>) {
  const { index, selection, isPhone, isWrapped, isChanged, isOpen, isFirst, measure, onOpen } = props
  const styles = useTableStyles()
  const isMarked = selection?.isSelected === true || isOpen
  const onClick = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest('a, button, input, summary, label') !== null) return
    if (event.shiftKey && selection !== undefined && selection.reason === undefined) selection.select(true)
    else onOpen?.()
  }
  const cells = isPhone ? <PhoneCells {...props} /> : <Cells {...props} />
  return (
    <div
      role="row"
      ref={isWrapped ? measure : undefined}
      aria-rowindex={index + 2}
      data-index={index}
      tabIndex={isFirst ? 0 : -1}
      className={mergeClasses(
        styles.row,
        styles.bodyRow,
        !isWrapped && !isPhone && styles.fixed,
        onOpen !== undefined && styles.opening,
        isChanged && styles.changed,
        isMarked && styles.selected,
      )}
      {...(isOpen && { 'aria-current': true })}
      onClick={onClick}
    >
      {selection !== undefined && (
        <div role="cell" className={styles.cell}>
          <SelectCell selection={selection} />
        </div>
      )}
      {cells}
      {isChanged && <span className={styles.hidden}>{tableTexts.changed}</span>}
    </div>
  )
}

function SelectCell({ selection: { label, isSelected, reason, select } }: { readonly selection: RowSelection }) {
  if (reason === undefined)
    return <SelectBox label={tableTexts.select(label)} isChecked={isSelected} onSelect={select} />
  return (
    <Tooltip content={reason} relationship="label">
      <LockClosedRegular />
    </Tooltip>
  )
}

function Cells<Row>({ row, columns, isWrapped }: TableRowProps<Row>) {
  const styles = useTableStyles()
  return columns.map((column) => (
    <div
      key={columnId(column)}
      role="cell"
      className={mergeClasses(
        styles.cell,
        isWrapped ? styles.manyLines : styles.oneLine,
        column.isNumber === true && styles.number,
      )}
    >
      <Name>{column.cell(row)}</Name>
    </div>
  ))
}

/** The first column and, in a second line, the others; then what is at the end of the row. Each is a cell. */
function PhoneCells<Row>({ row, columns, isWrapped }: TableRowProps<Row>) {
  const styles = useTableStyles()
  const line = isWrapped ? styles.phoneWrapped : styles.oneLine
  const [first, ...rest] = columns
  const parts = rest.flatMap((column) => {
    const { onPhone = 'second', phoneCell, cell } = column
    const content = onPhone === 'second' && (phoneCell ?? cell)(row)
    return isNothing(content) ? [] : [[columnId(column), content] as const]
  })
  return (
    <>
      <div className={styles.cell}>
        <div role="cell" className={line}>
          <Name>{first?.cell(row)}</Name>
        </div>
        <div className={mergeClasses(styles.phoneSecond, line)}>
          {parts.map(([id, content], index) => (
            <Fragment key={id}>
              {index > 0 && <span aria-hidden> · </span>}
              <span role="cell">
                <Name>{content}</Name>
              </span>
            </Fragment>
          ))}
        </div>
      </div>
      {rest
        .filter(({ onPhone }) => onPhone === 'end')
        .map((column) => (
          <div key={columnId(column)} role="cell" className={styles.phoneEnd}>
            <Name>{column.cell(row)}</Name>
          </div>
        ))}
    </>
  )
}

const isNothing = (content: ReactNode) =>
  content === '' || content === null || content === undefined || content === false
