import { Button, Subtitle2, makeStyles, tokens } from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons'
import type { ReactNode } from 'react'
import { Name } from '../elements/name.tsx'
import { tableTexts } from '../texts/table.ts'

const useStyles = makeStyles({
  panel: {
    position: 'fixed',
    zIndex: 3,
    top: 'var(--shell-header-height, 0px)',
    right: 0,
    bottom: 0,
    width: '24.75rem',
    boxSizing: 'border-box',
    overflowY: 'auto',
    overflowX: 'hidden',
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    display: 'grid',
    alignContent: 'start',
    rowGap: tokens.spacingVerticalM,
    gridTemplateColumns: 'minmax(0, 1fr)',
    backgroundColor: tokens.colorNeutralBackground1,
    borderLeft: `1px solid ${tokens.colorNeutralStroke1}`,
    '@media (max-width: 720px)': { width: '100%', borderLeft: 'none' },
  },
  head: { display: 'flex', alignItems: 'start', columnGap: tokens.spacingHorizontalS },
  title: { flexGrow: 1, minWidth: 0, margin: 0, overflowWrap: 'anywhere' },
})

type SidePanelProps = {
  readonly title: string
  readonly children: ReactNode
  readonly onClose: () => void
}

/** The details of a row, at the right of the window. Esc closes the panel. `main.css` keeps the space for it. */
export function SidePanel({ title, children, onClose }: SidePanelProps) {
  const styles = useStyles()
  return (
    <aside className={styles.panel} aria-label={title} tabIndex={-1} data-side-panel>
      <div className={styles.head}>
        <Subtitle2 as="h2" className={styles.title}>
          <Name>{title}</Name>
        </Subtitle2>
        <Button
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label={tableTexts.closePanel}
          title={`${tableTexts.closePanel} (Esc)`}
          onClick={onClose}
        />
      </div>
      {children}
    </aside>
  )
}
