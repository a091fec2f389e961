// Matrices: Gemm, MatMul and what they are made of.
import { floats, node, one, type Case } from './case.ts';

export const kMatrices: Record<string, Case> = {
  'Gemm': one('Gemm', { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }, {
    dims: [1, 20],
    constants: [floats('w', [7, 20]), floats('b', [7])],
  }),
  'Gemm transA': one('Gemm', { transA: 1 }, { dims: [20, 1], constants: [floats('w', [20, 7]), floats('b', [1, 7])] }),
  'Gemm with a bias of one number': one('Gemm', {}, { dims: [1, 20], constants: [floats('w', [20, 7]), floats('b', [1])] }),
  'Gemm with a bias of a scalar, alpha and beta': one('Gemm', { alpha: { float: -2 }, beta: { float: 0.25 } }, {
    dims: [1, 20],
    constants: [floats('w', [20, 7]), floats('b', [])],
  }),
  'Gemm with a bias of one by one': one('Gemm', { transB: 1 }, { dims: [1, 20], constants: [floats('w', [7, 20]), floats('b', [1, 1])] }),
  'Gemm without a bias': one('Gemm', { transB: 1 }, { dims: [1, 20], constants: [floats('w', [7, 20])] }),
  'Gemm of several rows, a bias each': one('Gemm', {}, { dims: [5, 20], constants: [floats('w', [20, 7]), floats('b', [5, 1])] }),
  'Gemm and a row taken off': {
    dims: [1, 20],
    constants: [floats('w', [20, 7]), floats('k', [7])],
    nodes: [node('Gemm', ['image', 'w'], ['g']), node('Sub', ['k', 'g'], ['y'])],
  },
  'MatMul of a vector': { dims: [20], constants: [floats('w', [20, 7])], nodes: [node('MatMul', ['image', 'w'], ['y'])] },
  'MatMul of stacks of matrices, broadcast': {
    dims: [1, 3, 8, 9],
    constants: [floats('w', [1, 9, 4])],
    nodes: [node('MatMul', ['image', 'w'], ['y'])],
  },
  'MatMul and Add': {
    dims: [1, 20],
    constants: [floats('w', [20, 7]), floats('b', [7])],
    nodes: [node('MatMul', ['image', 'w'], ['m']), node('Add', ['b', 'm'], ['y'])],
  },
  'MatMul on the last axis of a map': one('MatMul', {}, { constants: [floats('w', [9, 4])] }),
  'MatMul from the left': { dims: [20, 3], constants: [floats('w', [5, 20])], nodes: [node('MatMul', ['w', 'image'], ['y'])] },
  'MatMul of two values': {
    dims: [1, 3, 8, 8],
    nodes: [node('Transpose', ['image'], ['t'], { perm: [0, 1, 3, 2] }), node('MatMul', ['image', 't'], ['y'])],
  },
  'MatMul by a stack of matrices': one('MatMul', {}, { constants: [floats('w', [3, 9, 2])] }),
};
