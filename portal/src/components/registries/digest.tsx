import { makeStyles, tokens } from '@fluentui/react-components'
import { shortDigest } from '../texts/format.ts'

const useStyles = makeStyles({ digest: { fontSize: tokens.fontSizeBase200, whiteSpace: 'nowrap' } })

/** The beginning of a digest; the whole is the title. */
export function Digest({ digest }: { readonly digest: string }) {
  const styles = useStyles()
  return (
    <code className={styles.digest} title={digest}>
      {shortDigest(digest)}
    </code>
  )
}
