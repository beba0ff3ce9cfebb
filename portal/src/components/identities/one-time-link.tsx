import { Field, Select, Text } from '@fluentui/react-components'
import type { GraphNewOneTimeLink } from '../../api/graph-types.ts'
import { formatTime } from '../texts/format.ts'
import { identitiesTexts } from '../texts/identities.ts'
import { ShownOnce } from './shown-once.tsx'

const view = identitiesTexts.link

/** How long a link can be valid, in minutes. */
const lifetimes = [60, 1440, 10_080] as const
export const usualLifetime = 1440

type LifetimeFieldProps = { readonly minutes: number; readonly onChange: (minutes: number) => void }

/** For how long the link works. */
export function LifetimeField({ minutes, onChange }: LifetimeFieldProps) {
  return (
    <Field label={view.lifetime}>
      <Select value={String(minutes)} onChange={(_event, { value }) => onChange(Number(value))}>
        {lifetimes.map((one) => (
          <option key={one} value={one}>
            {view.lifetimes[one]}
          </option>
        ))}
      </Select>
    </Field>
  )
}

type NewLinkProps = { readonly link: GraphNewOneTimeLink; readonly userName: string }

/** A new link, which is shown once. */
export function NewLink({ link, userName }: NewLinkProps) {
  return (
    <ShownOnce label={view.label} secret={link.link}>
      <Text>{view.send(userName, formatTime(link.expirationDateTime))}</Text>
    </ShownOnce>
  )
}
