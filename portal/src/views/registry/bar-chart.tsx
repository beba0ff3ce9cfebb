import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { barHeights } from './series.ts'

const useStyles = makeStyles({
  figure: { margin: 0, display: 'grid', rowGap: tokens.spacingVerticalXS },
  head: { display: 'flex', justifyContent: 'space-between', columnGap: tokens.spacingHorizontalM },
  chart: {
    display: 'block',
    width: '100%',
    height: '5rem',
    forcedColorAdjust: 'none',
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  bar: { fill: tokens.colorBrandBackground, '@media (forced-colors: active)': { fill: 'CanvasText' } },
  ends: { display: 'flex', justifyContent: 'space-between', color: tokens.colorNeutralForeground2 },
})

const height = 100
const slot = 10
const gap = 2

type BarChartProps = {
  readonly title: string
  /** The figure beside the title, such as the total. */
  readonly summary: string
  /** One value for each interval, the oldest first. */
  readonly values: readonly number[]
  /** The texts below the first and the last bar. */
  readonly ends: readonly [from: string, until: string]
}

/** A small plot of bars. Its title, summary and ends are text; a table of the view has the numbers. */
export function BarChart({ title, summary, values, ends }: BarChartProps) {
  const styles = useStyles()
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.head}>
        <Text weight="semibold">{title}</Text>
        <Text>{summary}</Text>
      </figcaption>
      <svg
        className={styles.chart}
        viewBox={`0 0 ${Math.max(1, values.length) * slot} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${summary}`}
      >
        {barHeights(values, height).map((size, index) => (
          <rect
            key={index}
            className={styles.bar}
            x={index * slot + gap / 2}
            y={height - size}
            width={slot - gap}
            height={size}
          />
        ))}
      </svg>
      <div className={styles.ends}>
        <Text size={200}>{ends[0]}</Text>
        <Text size={200}>{ends[1]}</Text>
      </div>
    </figure>
  )
}
