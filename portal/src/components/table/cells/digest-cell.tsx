import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { CheckmarkRegular, CopyRegular } from '@fluentui/react-icons'
import { useState } from 'react'
import { shortDigest } from '../../texts/format.ts'
import { texts } from '../../texts/texts.ts'

const useStyles = makeStyles({
  digest: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, whiteSpace: 'nowrap' },
  copy: { minWidth: 'auto', width: '1.25rem', height: '1.25rem', padding: 0, marginLeft: tokens.spacingHorizontalXXS },
})

/** The first characters of a digest, without the name of the algorithm, and a button that copies the whole digest. */
export function DigestCell({ digest }: { readonly digest: string }) {
  const styles = useStyles()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(digest)
    setCopied(true)
    setTimeout(() => setCopied(false), 2000)
  }
  return (
    <>
      <code className={styles.digest} title={digest}>
        {shortDigest(digest).replace(/^sha\d+:/, '')}
      </code>
      <Button
        appearance="transparent"
        size="small"
        className={styles.copy}
        icon={isCopied ? <CheckmarkRegular /> : <CopyRegular />}
        aria-label={`${texts.copy}: ${shortDigest(digest)}`}
        onClick={() => void copy()}
      />
    </>
  )
}
