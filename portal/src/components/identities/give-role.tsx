import { Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { Navigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import { AppLink } from '../elements/app-link.tsx'
import { Loaded } from '../elements/loaded.tsx'
import { useRegistries } from '../registries/use-registry.ts'
import { identitiesTexts } from '../texts/identities.ts'

const texts = identitiesTexts.giveRole

const useStyles = makeStyles({ list: { display: 'grid', justifyItems: 'start', rowGap: tokens.spacingVerticalS } })

/** Leads to the assignment of a role to a principal, whose object id this is. With several registries, it asks for one. */
export function GiveRole({ principal }: { readonly principal: string }) {
  const styles = useStyles()
  const [isAsked, setAsked] = useState(false)
  return (
    <div className={styles.list}>
      <Button disabledFocusable={isAsked} onClick={() => setAsked(true)}>
        {texts.action}
      </Button>
      {isAsked && <Registries principal={principal} />}
    </div>
  )
}

function Registries({ principal }: { readonly principal: string }) {
  const query = useRegistries()
  return <Loaded query={query}>{(registries) => <Choice principal={principal} registries={registries} />}</Loaded>
}

type ChoiceProps = { readonly principal: string; readonly registries: readonly Registry[] }

function Choice({ principal, registries }: ChoiceProps) {
  const styles = useStyles()
  const places = registries.map(({ name }) => ({
    to: '/r/$registry/access/add' as const,
    params: { registry: name },
    search: { principal },
  }))
  const [first] = places
  if (first === undefined) return <Text>{texts.none}</Text>
  if (places.length === 1) return <Navigate {...first} />
  return (
    <>
      <Text>{texts.where}</Text>
      <ul className={styles.list}>
        {places.map((place) => (
          <li key={place.params.registry}>
            <AppLink {...place}>{place.params.registry}</AppLink>
          </li>
        ))}
      </ul>
    </>
  )
}
