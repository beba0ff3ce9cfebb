import { Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons'
import type { ReactElement, ReactNode } from 'react'
import { ActionButton } from '../elements/action-button.tsx'
import { tableTexts } from '../texts/table.ts'

/** What can be done with selected rows. */
export type BulkAction<Row> = {
  readonly label: string
  readonly icon?: ReactElement
  readonly isDanger?: boolean
  /** Why it cannot be done. */
  readonly reason?: string | undefined
  readonly act: (rows: readonly Row[]) => void
}

/** The actions for selected rows, and what they are about to affect. */
export type Bulk<Row> = {
  /** How a row is called. */
  readonly nameOf: (row: Row) => string
  /** Why a row cannot be selected. */
  readonly lockOf?: (row: Row) => string | undefined
  /** The effect in words: what is lost, and how much is freed. */
  readonly effect?: (rows: readonly Row[]) => ReactNode
  readonly actions: readonly BulkAction<Row>[]
  /** The action of the key Del. */
  readonly onDelete?: (rows: readonly Row[]) => void
}

const useStyles = makeStyles({
  place: { position: 'sticky', bottom: '2.75rem', zIndex: 2, height: 0 },
  bar: {
    position: 'absolute',
    bottom: 0,
    left: 0,
    right: 0,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorBrandStroke2}`,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow16,
  },
  count: { color: tokens.colorBrandForeground2, fontWeight: tokens.fontWeightSemibold },
  effect: {
    flexGrow: 1,
    flexBasis: '12rem',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: 'anywhere',
  },
  danger: {
    color: tokens.colorPaletteRedForeground1,
    borderTopColor: tokens.colorStatusDangerBorder2,
    borderRightColor: tokens.colorStatusDangerBorder2,
    borderBottomColor: tokens.colorStatusDangerBorder2,
    borderLeftColor: tokens.colorStatusDangerBorder2,
  },
})

type BulkBarProps<Row> = {
  readonly bulk: Bulk<Row>
  readonly rows: readonly Row[]
  /** Selects what is not loaded yet; absent if all is loaded. */
  readonly more: { readonly label: string; readonly select: () => void } | undefined
  readonly onClear: () => void
}

/** The bar of the selected rows. It floats above the status line, so that no row moves. */
export function BulkBar<Row>({ bulk, rows, more, onClear }: BulkBarProps<Row>) {
  const styles = useStyles()
  return (
    <div className={styles.place}>
      <div className={styles.bar} role="toolbar" aria-label={tableTexts.bulk}>
        <span className={styles.count} role="status">
          {tableTexts.selected(rows.length)}
        </span>
        <Text className={styles.effect}>{bulk.effect?.(rows)}</Text>
        {more !== undefined && (
          <Button appearance="transparent" onClick={more.select}>
            {more.label}
          </Button>
        )}
        {bulk.actions.map(({ label, icon, isDanger = false, reason, act }) => (
          <ActionButton
            key={label}
            reason={reason}
            icon={icon}
            {...(isDanger && { className: styles.danger })}
            onClick={() => act(rows)}
          >
            {label}
          </ActionButton>
        ))}
        <Button
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label={tableTexts.clearSelection}
          onClick={onClear}
        />
      </div>
    </div>
  )
}
