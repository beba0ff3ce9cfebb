import { makeStyles, tokens } from '@fluentui/react-components'

const useStyles = makeStyles({
  chart: { fill: tokens.colorBrandForeground1, verticalAlign: 'middle', forcedColorAdjust: 'none' },
})

const height = 18
const step = 1.8
const barWidth = 1.2

/** Small bars of numbers by day, the oldest first. The number beside it is for screen readers. */
export function Sparkline({ values }: { readonly values: readonly number[] }) {
  const styles = useStyles()
  const most = Math.max(1, ...values)
  return (
    <svg className={styles.chart} aria-hidden width={Math.ceil(values.length * step)} height={height}>
      {values.map((value, index) => {
        const size = Math.max(1, Math.round((value / most) * height))
        // The place of a day is its only identity.
        return (
          <rect key={`day-${index.toString()}`} x={index * step} y={height - size} width={barWidth} height={size} />
        )
      })}
    </svg>
  )
}
