import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { DocumentTextRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons'
import { repositoryTexts } from '../../texts/repository.ts'

const view = repositoryTexts.attached

const useStyles = makeStyles({
  icons: { display: 'inline-flex', columnGap: tokens.spacingHorizontalXS, verticalAlign: 'middle', fontSize: '1rem' },
  signature: { color: tokens.colorStatusSuccessForeground1 },
  sbom: { color: tokens.colorBrandForeground1 },
  absent: { color: tokens.colorNeutralForegroundDisabled },
})

/** Whether a signature and an SBOM are attached to an image. The registry does not verify them. */
export function TrustIcons({ signatures, sboms }: { readonly signatures: number; readonly sboms: number }) {
  const styles = useStyles()
  const signature = signatures > 0 ? view.signature : view.noSignature
  const sbom = sboms > 0 ? view.sbom : view.noSbom
  return (
    <span className={styles.icons}>
      <span
        role="img"
        aria-label={signature}
        title={signature}
        className={mergeClasses(signatures > 0 ? styles.signature : styles.absent)}
      >
        <ShieldCheckmarkRegular />
      </span>
      <span role="img" aria-label={sbom} title={sbom} className={mergeClasses(sboms > 0 ? styles.sbom : styles.absent)}>
        <DocumentTextRegular />
      </span>
    </span>
  )
}
