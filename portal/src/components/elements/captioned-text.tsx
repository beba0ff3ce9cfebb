import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { CopyText } from './copy-text.tsx'

const useStyles = makeStyles({ captioned: { display: 'grid', rowGap: tokens.spacingVerticalXS, minWidth: 0 } })

/** A text to copy below its name. */
export function CaptionedText({ label, text }: { readonly label: string; readonly text: string }) {
  const styles = useStyles()
  return (
    <div className={styles.captioned}>
      <Text weight="semibold" aria-hidden>
        {label}
      </Text>
      <CopyText label={label} text={text} />
    </div>
  )
}
