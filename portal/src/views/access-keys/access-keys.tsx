import { MessageBar, MessageBarBody, Text } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { changeRegistry } from '../../api/access.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { ReadOnlyReason } from '../../components/elements/list-bar.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { RegistryTabs } from '../../components/registries/registry-tabs.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { AdminPasswords } from './admin-passwords.tsx'

const texts = rightsTexts.keys
const writeAction = 'Microsoft.ContainerRegistry/registries/write'

/** The admin account of a registry. */
export function AccessKeys() {
  const { name, loginServer } = useAddressedRegistry()
  const navigate = useNavigate()
  return (
    <RegistryTabs
      title={rightsTexts.credentials}
      loginServer={loginServer}
      label={rightsTexts.token.sections}
      tabs={rightsTexts.token.tabs}
      selected="admin"
      onSelect={(tab) =>
        tab !== 'admin' &&
        void navigate({
          to: '/r/$registry/tokens',
          params: { registry: name },
          search: tab === 'tokens' ? {} : { tab },
        })
      }
    >
      {(registry) => <AdminAccount registry={registry} />}
    </RegistryTabs>
  )
}

function AdminAccount({ registry }: { readonly registry: Registry }) {
  const readAgain = useReadAgain()
  const [isAsked, setAsked] = useState(false)
  const isOn = registry.properties.adminUserEnabled
  const lacks = useLacks(registry.id)(writeAction)
  return (
    <>
      <Section title={texts.admin}>
        <div role="status">
          <MessageBar intent={isOn ? 'warning' : 'success'} layout="multiline">
            <MessageBarBody>{isOn ? texts.on : texts.off}</MessageBarBody>
          </MessageBar>
        </div>
        <Text>
          {texts.means} {texts.instead}
        </Text>
        <div>
          <ActionButton appearance={isOn ? 'primary' : 'secondary'} reason={lacks} onClick={() => setAsked(true)}>
            {isOn ? texts.turnOff : texts.turnOn}
          </ActionButton>
        </div>
        <ReadOnlyReason reason={lacks} />
      </Section>
      <Section title={texts.passwords}>
        {isOn ? <AdminPasswords registry={registry} /> : <Text>{texts.offHint}</Text>}
      </Section>
      <CommandLine
        label={isOn ? texts.turnOff : texts.turnOn}
        text={`acrux acr update --name ${registry.name} --admin-enabled ${String(!isOn)}`}
        more={[{ label: texts.passwords, text: `acrux acr credential show --name ${registry.name}` }]}
      />
      {isAsked && (
        <ConfirmDialog
          title={isOn ? texts.turnOffTitle : texts.turnOnTitle}
          confirm={isOn ? texts.turnOff : texts.turnOn}
          onClose={() => setAsked(false)}
          onConfirm={async () => {
            await changeRegistry(registry.id, { adminUserEnabled: !isOn })
            await readAgain(['registries'])
          }}
        >
          <Text>{isOn ? texts.turnOffHint : texts.means}</Text>
        </ConfirmDialog>
      )}
    </>
  )
}
