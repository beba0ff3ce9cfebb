import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { Name } from '../elements/name.tsx'
import { barHeights } from './bar-heights.ts'
import { type ChartData, barText, countText } from './chart-data.ts'
import { useChartStyles } from './chart-styles.ts'

const useStyles = makeStyles({
  list: { display: 'grid', rowGap: tokens.spacingVerticalXS, margin: 0, padding: 0, listStyleType: 'none' },
  row: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 2fr) minmax(0, 2fr) minmax(3.5rem, auto)',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    minHeight: '1.25rem',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    '@media (max-width: 720px)': { minHeight: '2.75rem' },
  },
  link: {
    '&:hover': { textDecorationLine: 'underline' },
    '&:focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  bar: { height: '0.75rem' },
  value: { textAlign: 'right', fontVariantNumeric: 'tabular-nums', color: tokens.colorNeutralForeground2 },
})

/** Rows with a name, a bar and a value. */
export function Rows({ label, labels, series, format = countText, link }: ChartData & { readonly label: string }) {
  const chart = useChartStyles()
  const styles = useStyles()
  const [one] = series
  if (one === undefined) return null
  const lengths = barHeights(one.values, 100)
  return (
    <ul className={styles.list} aria-label={label}>
      {labels.map((name, place) => {
        const value = format(one.values[place] ?? 0)
        const content = (
          <>
            <span className={styles.name} title={name}>
              <Name>{name}</Name>
            </span>
            <svg
              aria-hidden
              className={mergeClasses(chart.svg, styles.bar)}
              viewBox="0 0 100 1"
              preserveAspectRatio="none"
            >
              <rect data-bar className={chart[one.tone ?? 'brand']} width={lengths[place]} height={1} />
            </svg>
            <span className={styles.value}>{value}</span>
          </>
        )
        const bar = {
          'aria-label': barText(name, one, value),
          children: content,
          className: mergeClasses(styles.row, styles.link),
        }
        return (
          <li key={name}>{link === undefined ? <div className={styles.row}>{content}</div> : link(bar, place, one)}</li>
        )
      })}
    </ul>
  )
}
