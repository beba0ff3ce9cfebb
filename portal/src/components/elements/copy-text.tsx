import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { texts } from '../texts/texts.ts'

const useStyles = makeStyles({
  row: { display: 'flex', alignItems: 'flex-start', columnGap: tokens.spacingHorizontalS, minWidth: 0 },
  text: {
    flexGrow: 1,
    minWidth: 0,
    margin: 0,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    overflowWrap: 'anywhere',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    backgroundColor: tokens.colorNeutralBackground3,
    // Visible in high contrast only, where the backgrounds are the same.
    border: `1px solid ${tokens.colorTransparentStroke}`,
    borderRadius: tokens.borderRadiusMedium,
    whiteSpace: 'pre-wrap',
  },
})

type CopyTextProps = {
  /** The label of the text, for screen readers. */
  readonly label: string
  readonly text: string
}

/** A command or a digest, with a button that copies it. */
export function CopyText({ label, text }: CopyTextProps) {
  const styles = useStyles()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 2000)
  }
  return (
    <div className={styles.row}>
      <pre className={styles.text} tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <Button onClick={() => void copy()} aria-label={`${texts.copy}: ${label}`}>
        <span aria-live="polite">{isCopied ? texts.copied : texts.copy}</span>
      </Button>
    </div>
  )
}
