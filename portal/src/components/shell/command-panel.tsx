import { Button, Subtitle2, makeStyles, tokens } from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons'
import { CaptionedText } from '../elements/captioned-text.tsx'
import { useCommandPanel, useShownCommands } from '../elements/commands.ts'
import { texts } from '../texts/texts.ts'
import { narrow } from './navigation.tsx'

const useStyles = makeStyles({
  panel: {
    display: 'grid',
    alignContent: 'start',
    rowGap: tokens.spacingVerticalM,
    gridTemplateColumns: 'minmax(0, 1fr)',
    boxSizing: 'border-box',
    width: '396px',
    padding: tokens.spacingHorizontalL,
    borderLeft: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
    [narrow]: { width: 'auto', borderLeft: 'none', borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
  },
  head: { display: 'flex', alignItems: 'center', justifyContent: 'space-between' },
  title: { margin: 0 },
})

/** The commands that do or show the same as the view that is open. */
export function CommandPanel() {
  const styles = useStyles()
  const commands = useShownCommands()
  const { isOpen, toggle } = useCommandPanel()
  if (!isOpen || commands.length === 0) return null
  return (
    <aside className={styles.panel} aria-label={texts.header.commands}>
      <div className={styles.head}>
        <Subtitle2 as="h2" className={styles.title}>
          {texts.header.commands}
        </Subtitle2>
        <Button appearance="subtle" icon={<DismissRegular />} aria-label={texts.close} onClick={toggle} />
      </div>
      {commands.map(({ label, text }) => (
        <CaptionedText key={`${label} ${text}`} label={label} text={text} />
      ))}
    </aside>
  )
}
