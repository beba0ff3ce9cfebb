import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { KeyboardEvent } from 'react'
import { axisEnd } from './bar-heights.ts'
import { type ChartData, type Series, barText, countText } from './chart-data.ts'
import { useChartStyles } from './chart-styles.ts'

const height = 100
const slot = 10
const gap = 1.5

const useStyles = makeStyles({
  strip: { display: 'grid', gridTemplateColumns: '3.25rem minmax(0, 1fr)', columnGap: tokens.spacingHorizontalS },
  axis: {
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'space-between',
    textAlign: 'right',
    lineHeight: '0.75rem',
    height: 'calc(50% + 0.375rem)',
    marginTop: '-0.375rem',
  },
  tall: { height: '6.5rem' },
  low: { height: '2.5rem', marginBottom: tokens.spacingVerticalM },
  ticks: { gridColumn: 2, display: 'flex', justifyContent: 'space-between' },
  legend: { gridColumn: 2, display: 'flex', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalL },
  mark: { width: '0.5rem', height: '0.5rem', marginRight: tokens.spacingHorizontalXS },
})

type ColumnsProps = ChartData & { readonly label: string }

/** Columns in the order of time: a strip for each series, with a scale of its own. */
export function Columns(props: ColumnsProps) {
  const { labels, series, format = countText, ticks = [labels[0] ?? '', labels.at(-1) ?? ''] } = props
  const chart = useChartStyles()
  const styles = useStyles()
  return (
    <div className={styles.strip}>
      {series.map((each) => (
        <Strip key={each.name} {...props} one={each} />
      ))}
      <div className={mergeClasses(styles.ticks, chart.text)} aria-hidden>
        {ticks.map((tick) => (
          <span key={tick}>{tick}</span>
        ))}
      </div>
      {series.length > 1 && (
        <div className={mergeClasses(styles.legend, chart.text)} aria-hidden>
          {series.map(({ name, tone = 'brand', values }) => (
            <span key={name}>
              <svg className={mergeClasses(styles.mark, chart[tone])} viewBox="0 0 1 1">
                <rect width={1} height={1} />
              </svg>
              {name} {format(values.reduce((sum, value) => sum + value, 0))}
            </span>
          ))}
        </div>
      )}
    </div>
  )
}

function Strip({ label, labels, series, one, format, link }: ColumnsProps & { readonly one: Series }) {
  const axisText = format ?? short
  const chart = useChartStyles()
  const styles = useStyles()
  const end = axisEnd(one.values)
  const width = Math.max(1, labels.length) * slot
  const name = series.length === 1 ? label : `${one.name}. ${label}`
  return (
    <>
      <div className={mergeClasses(styles.axis, chart.text)} aria-hidden>
        <span>{axisText(end)}</span>
        {end % 2 === 0 && <span>{axisText(end / 2)}</span>}
      </div>
      <svg
        className={mergeClasses(chart.svg, series.length === 1 ? styles.tall : styles.low)}
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role={link === undefined ? 'img' : 'group'}
        aria-label={name}
        onKeyDown={moveFocus}
      >
        {[0, height / 2, height].map((y) => (
          <line key={y} className={chart.line} x1={0} x2={width} y1={y} y2={y} />
        ))}
        {one.values.map((value, place) => {
          const size = value === 0 ? 0 : Math.max(2, (height * value) / end)
          const text = barText(labels[place] ?? '', one, (format ?? countText)(value))
          const bar = (
            <>
              <title>{text}</title>
              <rect data-hit className={chart.hit} x={place * slot} width={slot} height={height} />
              <rect
                data-bar
                className={chart[one.tone ?? 'brand']}
                x={place * slot + gap / 2}
                y={height - size}
                width={slot - gap}
                height={size}
              />
            </>
          )
          // The place of a column is its only identity.
          const key = `place-${place}`
          if (link === undefined) return <g key={key}>{bar}</g>
          return <g key={key}>{link({ 'aria-label': text, children: bar, className: chart.bar }, place, one)}</g>
        })}
      </svg>
    </>
  )
}

const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

/** The arrows move between the columns. */
function moveFocus(event: KeyboardEvent<SVGElement>): void {
  const step = steps[event.key]
  const bars = [...event.currentTarget.querySelectorAll('a')]
  const at = bars.findIndex((bar) => bar === document.activeElement)
  if (step === undefined || at === -1) return
  event.preventDefault()
  bars[at + step]?.focus()
}

const short = (value: number) => value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 })
