import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bestMatch,
  coreStatusOf,
  locationProblem,
  matchesLocation,
  signedStatuses,
} from '../../src/policy/firmware.ts'

test('[L01.FR.20] a * stands for anything but a slash, and the exact location comes first', () => {
  const wild = { location: 'https://files.example/*/v2-*.bin', addedAt: 2 }
  const exact = { location: 'https://files.example/a/v2-x.bin', addedAt: 1 }
  assert.ok(matchesLocation(wild.location, exact.location))
  assert.ok(!matchesLocation(wild.location, 'https://files.example/a/b/v2-x.bin'))
  assert.ok(!matchesLocation(wild.location, 'https://files.example/a/v2-x.bin/'))
  assert.ok(!matchesLocation('https://files.example/aa*aa', 'https://files.example/aaa'))
  assert.equal(bestMatch([wild, exact], exact.location), exact)
  assert.equal(bestMatch([wild], 'https://files.example/a/v3.bin'), null)
  const rebuilt = { ...exact, addedAt: 3 }
  for (const all of [
    [exact, wild, rebuilt],
    [rebuilt, exact],
  ])
    assert.equal(bestMatch(all, exact.location), rebuilt, 'of the same location the one added last')
})

test('[CWE-918] the host of a location is named, and no password stands in it', () => {
  assert.equal(locationProblem('https://files.example/*.bin'), null)
  assert.equal(locationProblem('ftp://files.example/v2.bin'), null)
  for (const wrong of [
    'https://*/v2.bin',
    'https://u:p@files.example/v2',
    'v2.bin',
    'https:///x',
    'https://a/b c',
  ])
    assert.notEqual(locationProblem(wrong), null, wrong)
})

test('[L01.FR.20] every status has one of the core', () => {
  const core = [
    'Downloaded',
    'DownloadFailed',
    'Downloading',
    'Idle',
    'InstallationFailed',
    'Installing',
    'Installed',
  ]
  for (const status of signedStatuses) assert.ok(core.includes(coreStatusOf(status)), status)
  assert.equal(coreStatusOf('InvalidSignature'), 'InstallationFailed')
})
