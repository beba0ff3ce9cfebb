import { Button, makeStyles } from '@fluentui/react-components'
import { useState } from 'react'
import { operationsTexts } from '../../components/texts/operations.ts'

const storageKey = 'acrux-audit-zone'
const zones = ['utc', 'local'] as const
type Zone = (typeof zones)[number]

const useStyles = makeStyles({ group: { display: 'flex', marginLeft: 'auto' } })

/** The time zone of the log, which this browser remembers. */
export function useZone(): readonly [Zone, (zone: Zone) => void] {
  const [zone, setZone] = useState<Zone>(() => (localStorage.getItem(storageKey) === 'local' ? 'local' : 'utc'))
  return [
    zone,
    (next) => {
      localStorage.setItem(storageKey, next)
      setZone(next)
    },
  ]
}

type ZoneChoiceProps = { readonly zone: Zone; readonly onChoose: (zone: Zone) => void }

/** Chooses between UTC and the zone of the device. */
export function ZoneChoice({ zone, onChoose }: ZoneChoiceProps) {
  const styles = useStyles()
  return (
    <div className={styles.group} role="group" aria-label={operationsTexts.zones}>
      {zones.map((each) => (
        <Button
          key={each}
          size="small"
          appearance={each === zone ? 'primary' : 'secondary'}
          aria-pressed={each === zone}
          onClick={() => onChoose(each)}
        >
          {operationsTexts.zone[each]}
        </Button>
      ))}
    </div>
  )
}
