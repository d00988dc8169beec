import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseProtocol } from '../../src/policy/protocol.ts'
import { sessionsWhere } from '../../src/relay/sessions-where.ts'
import { forward, type UseCase } from '../../src/relay/use-case.ts'
import { indexOfAction, UseCaseTable } from '../../src/relay/use-case-table.ts'
import { fakeSession } from '../support/fake-session.ts'

const watches = [{ direction: 'to-central-system', action: 'Heartbeat' }] as const
const useCase = (name: string, protocols?: UseCase['protocols']): UseCase => ({
  name,
  watches,
  onCall: () => forward,
  ...(protocols === undefined ? {} : { protocols }),
})

test('[A00.FR.006] a use case of OCPP 1.6 sees no session of OCPP 2.0.1, and the other way round', () => {
  const table = new UseCaseTable([
    useCase('old'),
    useCase('new', ['ocpp2.0.1']),
    useCase('either', ['ocpp1.6', 'ocpp2.0.1']),
  ])
  const heartbeat = indexOfAction('Heartbeat')
  const names = (protocol: 'ocpp1.6' | 'ocpp2.0.1') => ({
    told: table.of(protocol).map(({ name }) => name),
    asked: table.watching(0, heartbeat, protocol)?.map((one) => one.useCase.name),
  })
  assert.deepEqual(names('ocpp1.6'), { told: ['old', 'either'], asked: ['old', 'either'] })
  assert.deepEqual(names('ocpp2.0.1'), { told: ['new', 'either'], asked: ['new', 'either'] })
  const old = new UseCaseTable([useCase('old')])
  assert.equal(old.wants(0, heartbeat, fakeSession()), true)
  assert.equal(old.wants(0, heartbeat, fakeSession({ protocol: 'ocpp2.0.1' })), false)
})

test('[A00.FR.006] sessions of one version', () => {
  const sessions = [fakeSession({ identity: 'A' }), fakeSession({ identity: 'B', protocol: 'ocpp2.0.1' })]
  const directory = sessionsWhere(
    {
      get: (identity) => sessions.find(({ facts }) => facts.identity === identity) ?? null,
      all: () => sessions,
    },
    ({ facts }) => facts.protocol === 'ocpp1.6',
  )
  assert.equal(directory.get('A'), sessions[0])
  assert.equal(directory.get('B'), null)
  assert.equal(directory.get('C'), null)
  assert.deepEqual([...directory.all()], [sessions[0]])
})

test('[OCPP-J 3.1.2] the first that is offered and served', () => {
  assert.equal(chooseProtocol(['ocpp2.0.1', 'ocpp1.6'], ['ocpp1.6', 'ocpp2.0.1']), 'ocpp2.0.1')
  assert.equal(chooseProtocol(['ocpp2.0.1', 'ocpp1.6'], ['ocpp1.6']), 'ocpp1.6')
  assert.equal(chooseProtocol(['OCPP1.6'], ['ocpp1.6']), null)
  assert.equal(chooseProtocol([], ['ocpp1.6']), null)
})
