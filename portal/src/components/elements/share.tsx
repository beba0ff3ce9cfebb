import { ProgressBar, Text, makeStyles, tokens } from '@fluentui/react-components'

const useStyles = makeStyles({
  share: { display: 'grid', rowGap: tokens.spacingVerticalXS, minWidth: '8rem', maxWidth: '24rem' },
})

type ShareProps = { readonly used: number; readonly limit: number; readonly text: string }

/** From this share on, a quota needs attention. */
const highPercent = 80

/** How much of a limit is used. */
export function Share({ used, limit, text }: ShareProps) {
  const styles = useStyles()
  const percent = limit === 0 ? 100 : Math.min(100, Math.round((100 * used) / limit))
  return (
    <div className={styles.share}>
      <Text>{text}</Text>
      <ProgressBar value={percent} max={100} color={percent >= highPercent ? 'warning' : 'brand'} aria-label={text} />
    </div>
  )
}
