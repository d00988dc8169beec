import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  diagnosticsStatusOf,
  isFinalLogStatus,
  logStatuses,
  matchUpload,
  maxUploadUrlLength,
  readLogStatus,
  remoteLocationProblem,
  uploadLocation,
} from '../../src/policy/charge-point-log.ts'

const token = 'a'.repeat(43)

test('[N01.FR.01] every status has its place in the core of OCPP 1.6', () => {
  assert.deepEqual(
    logStatuses.map((status) => [status, diagnosticsStatusOf(status)]),
    [
      ['Idle', 'Idle'],
      ['Uploading', 'Uploading'],
      ['Uploaded', 'Uploaded'],
      ['UploadFailure', 'UploadFailed'],
      ['BadMessage', 'UploadFailed'],
      ['NotSupportedOperation', 'UploadFailed'],
      ['PermissionDenied', 'UploadFailed'],
      ['AcceptedCanceled', 'UploadFailed'],
    ],
  )
})

test('[N01.FR.01] the word of the text of editions 2 and 3 is understood, and nothing else', () => {
  assert.equal(readLogStatus('UploadFailed'), 'UploadFailure')
  for (const value of ['uploaded', '', null, 3, {}]) assert.equal(readLogStatus(value), null)
})

test('[N01.FR.01] after these statuses nothing more is to come', () => {
  assert.deepEqual(
    logStatuses.filter((status) => !isFinalLogStatus(status)),
    ['Idle', 'Uploading'],
  )
  assert.equal(isFinalLogStatus(null), false)
})

test('[N01.FR.01] the longest upload URL leaves room for the token in the 512 characters of GetLog', () => {
  const url = `https://a/${'b'.repeat(maxUploadUrlLength - 10)}`
  assert.ok(uploadLocation(url, token).length <= 512)
  assert.equal(uploadLocation('https://a/logs/', token), `https://a/logs/${token}/`)
})

test('[N01.FR.01] a place of the operator is a URL that charge points can upload to', () => {
  for (const url of ['ftp://files.example.com/logs/', 'https://a:b@h/x?y', 'sftp://h/', 'HTTP://h'])
    assert.equal(remoteLocationProblem(url), null, url)
  const long = `ftp://h/${'x'.repeat(505)}`
  for (const url of [
    '',
    'files',
    'file:///etc',
    'ftp://',
    'ftp://a b',
    'ftp://h/\n',
    'javascript://x',
    long,
  ]) {
    const problem = remoteLocationProblem(url)
    assert.ok(problem !== null && (url === '' || !problem.includes(url)), url)
  }
})

test('[CWE-22] a token and at most one name behind it is an upload, and nothing else', () => {
  const kindOf = (target: string) => matchUpload(['/logs', '/more/logs'], target).kind
  for (const rest of ['', '/', '/security.log', '/a%20b.log', '?x=1']) {
    assert.deepEqual(matchUpload(['/logs'], `/logs/${token}${rest}`), {
      kind: 'upload',
      path: '/logs',
      token,
    })
  }
  assert.equal(kindOf(`/more/logs/${token}`), 'upload')
  for (const target of ['/logs', '/logs/', '/logs/short', `/logs/${token}a`, `/logs/${token}/a/b`]) {
    assert.equal(kindOf(target), 'unknown', target)
  }
  for (const rest of [
    '/../../etc/passwd',
    '/..',
    '/%2e%2e',
    '/a%2fb',
    '/a%00',
    '/%zz',
    '\\..',
    '//',
    '/a b',
  ]) {
    assert.equal(kindOf(`/logs/${token}${rest}`), 'malformed', rest)
  }
  for (const target of ['/', '/log', `/logsx/${token}`, `/${token}`, '*', `http://a/logs/${token}`]) {
    assert.equal(kindOf(target), 'none', target)
  }
})
