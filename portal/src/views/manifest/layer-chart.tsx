import { makeStyles, tokens } from '@fluentui/react-components'
import type { Descriptor } from '../../api/pushed-types.ts'
import { texts } from '../../components/texts/texts.ts'

const useStyles = makeStyles({
  chart: { display: 'block', width: '100%', height: '1.5rem', forcedColorAdjust: 'none' },
  even: { fill: tokens.colorBrandBackground, '@media (forced-colors: active)': { fill: 'CanvasText' } },
  odd: { fill: tokens.colorBrandBackgroundPressed, '@media (forced-colors: active)': { fill: 'GrayText' } },
})

const width = 1000
const minShare = 5
/** The gap between two layers, so that they can be distinguished without colors. */
const gap = 3

/** The sizes of layers as one bar. The table below it has the numbers. */
export function LayerChart({ layers }: { readonly layers: readonly Descriptor[] }) {
  const styles = useStyles()
  const total = layers.reduce((sum, { size }) => sum + Math.max(0, size), 0)
  if (total === 0) return null
  const shares = layers.map(({ size }) => Math.max(minShare, (width * Math.max(0, size)) / total))
  const all = shares.reduce((sum, share) => sum + share, 0)
  return (
    <svg
      className={styles.chart}
      viewBox={`0 0 ${all} 24`}
      preserveAspectRatio="none"
      role="img"
      aria-label={texts.manifestView.layerChart}
    >
      {shares.map((share, index) => (
        <rect
          key={index}
          className={index % 2 === 0 ? styles.even : styles.odd}
          x={shares.slice(0, index).reduce((sum, before) => sum + before, 0)}
          width={Math.max(1, share - gap)}
          height="24"
        />
      ))}
    </svg>
  )
}
