import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { Fragment, type ReactNode, useEffect, useState } from 'react'
import { areSingleKeysOn } from '../elements/single-keys.ts'
import { formatAge } from '../texts/format.ts'
import { tableTexts } from '../texts/table.ts'

const useStyles = makeStyles({
  line: {
    position: 'sticky',
    bottom: 0,
    zIndex: 1,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalL,
    minHeight: '2.25rem',
    marginTop: 'auto',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  keys: { marginLeft: 'auto' },
  narrow: { display: 'none' },
  key: {
    padding: '0 0.3rem',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    fontFamily: tokens.fontFamilyBase,
    fontSize: tokens.fontSizeBase100,
  },
})

type StatusLineProps = {
  /** What the whole list has, such as `10,482 repositories · 3.2 TiB`. */
  readonly children: ReactNode
  readonly loaded: number | undefined
  readonly updatedAtMs: number | undefined
  /** The keys, and what each does. */
  readonly keys: readonly (readonly [key: string, does: string])[]
  readonly isPhone: boolean
}

/** The line below a table: counts, what is loaded, the keys, and how old the data is. */
export function StatusLine({ children, loaded, updatedAtMs, keys, isPhone }: StatusLineProps) {
  const styles = useStyles()
  const shown = areSingleKeysOn() ? keys : []
  return (
    <div className={styles.line}>
      <span>{children}</span>
      {loaded !== undefined && <span>{tableTexts.loaded(loaded)}</span>}
      <span className={mergeClasses(styles.keys, isPhone && styles.narrow)}>
        {shown.map(([key, does], index) => (
          <Fragment key={key}>
            {index > 0 && ' · '}
            {key.split(' ').map((each) => (
              <Fragment key={each}>
                <kbd className={styles.key}>{each}</kbd>{' '}
              </Fragment>
            ))}
            {does}
          </Fragment>
        ))}
      </span>
      {updatedAtMs !== undefined && updatedAtMs > 0 && <Updated atMs={updatedAtMs} />}
    </div>
  )
}

const tickMs = 5000

function Updated({ atMs }: { readonly atMs: number }) {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    setNowMs(Date.now())
    const timer = setInterval(() => setNowMs(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [atMs])
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000))
  const age =
    seconds < tickMs / 1000
      ? tableTexts.now
      : seconds < 60
        ? tableTexts.secondsAgo(seconds)
        : formatAge(new Date(atMs).toISOString(), nowMs)
  return <span>{tableTexts.updated(age)}</span>
}
