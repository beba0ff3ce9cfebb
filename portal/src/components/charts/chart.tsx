import { Button, Subtitle2, makeStyles, tokens } from '@fluentui/react-components'
import { type ReactNode, useId, useState } from 'react'
import { Table } from '../table/table.tsx'
import { chartTexts } from '../texts/charts.ts'
import { Columns } from './columns.tsx'
import { Rows } from './rows.tsx'
import { type ChartData, countText } from './chart-data.ts'

const useStyles = makeStyles({
  figure: { margin: 0, display: 'grid', rowGap: tokens.spacingVerticalS, gridTemplateColumns: 'minmax(0, 1fr)' },
  head: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  title: { flexGrow: 1, margin: 0 },
  small: { minWidth: 0, fontWeight: tokens.fontWeightRegular },
  // Between the heading and its table, the sentence says what the bars show.
  summary: { margin: 0, fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
})

type ChartProps = ChartData & {
  readonly title: string
  /** What the bars show, in one sentence. */
  readonly summary: string
  /** Whether the values are columns in the order of time, or rows with names. */
  readonly shape: 'columns' | 'rows'
  /** A link beside the title, such as to the list of everything. */
  readonly action?: ReactNode
  readonly heading?: 'h2' | 'h3'
}

/** A plot of bars in SVG, with its numbers as a table. */
export function Chart(props: ChartProps) {
  const { title, summary, shape, action, heading = 'h2', ...data } = props
  const { labels, series, labelTitle = chartTexts.place, format = countText } = data
  const styles = useStyles()
  const [isTable, setTable] = useState(false)
  const id = useId()
  const Plot = shape === 'columns' ? Columns : Rows
  return (
    <figure className={styles.figure} aria-labelledby={id}>
      <div className={styles.head}>
        <Subtitle2 as={heading} id={id} className={styles.title}>
          {title}
        </Subtitle2>
        {action}
        <Button
          size="small"
          appearance="transparent"
          className={styles.small}
          aria-pressed={isTable}
          aria-label={chartTexts.tableOf(title)}
          onClick={() => setTable(!isTable)}
        >
          {chartTexts.table}
        </Button>
      </div>
      {isTable ? (
        <Table
          label={title}
          rows={labels.map((label, index) => ({ label, index }))}
          keyOf={({ index }) => String(index)}
          columns={[
            { id: 'label', title: labelTitle, minWidth: 6, grow: 1, cell: ({ label }) => label },
            ...series.map(({ name, values }, at) => ({
              id: `series-${at}`,
              title: name,
              isNumber: true,
              cell: ({ index }: { readonly index: number }) => format(values[index] ?? 0),
            })),
          ]}
        />
      ) : (
        <Plot {...data} label={`${title}. ${summary}`} />
      )}
      <p className={styles.summary}>{summary}</p>
    </figure>
  )
}
