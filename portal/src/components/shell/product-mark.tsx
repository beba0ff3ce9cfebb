import { makeStyles, tokens } from '@fluentui/react-components'
import { texts } from '../texts/texts.ts'

/** The mark of the product: a star with four points, as in the constellation whose brightest star is Acrux. */
export function ProductMark() {
  return (
    <svg width="22" height="22" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        fill={tokens.colorBrandForeground1}
        d="M12 0.5 14.6 9.4 23.5 12 14.6 14.6 12 23.5 9.4 14.6 0.5 12 9.4 9.4z"
      />
    </svg>
  )
}

const useStyles = makeStyles({
  product: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  name: { fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold },
})

/** The mark and the name of the product. */
export function ProductName() {
  const styles = useStyles()
  return (
    <span className={styles.product}>
      <ProductMark />
      <span className={styles.name}>{texts.product}</span>
    </span>
  )
}
