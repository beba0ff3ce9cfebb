import { Skeleton, SkeletonItem, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useLostSince } from '../../api/connection.ts'
import { texts } from '../texts/texts.ts'

const useStyles = makeStyles({
  row: {
    display: 'flex',
    alignItems: 'center',
    boxSizing: 'border-box',
    height: 'var(--table-row)',
    paddingInline: tokens.spacingHorizontalS,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
})

const rows = Array.from({ length: 8 }, (_none, index) => index)

/** Rows of the same height as those of the table, before the first rows are there. Says so if the server cannot be reached. */
export function SkeletonRows() {
  const styles = useStyles()
  if (useLostSince() !== undefined) return <Text>{texts.connection.notLoaded}</Text>
  return (
    <Skeleton aria-label={texts.loading}>
      {rows.map((row) => (
        <div key={row} className={styles.row}>
          <SkeletonItem size={16} />
        </div>
      ))}
    </Skeleton>
  )
}
