// One number in, one out: activations and the like.
import type { Attribute } from '../onnx_writer.ts';
import { alpha, one, type Case } from './case.ts';

export const kUnary: Record<string, Case> = Object.fromEntries(
  [
    ['Abs'],
    ['Ceil'],
    ['Cos'],
    ['Erf'],
    ['Exp'],
    ['Floor'],
    ['HardSigmoid', { ...alpha(0.3), beta: { float: 0.4 } }],
    ['HardSwish'],
    ['LeakyRelu', alpha(0.2)],
    ['Elu', alpha(1.5)],
    ['Celu', alpha(0.7)],
    ['Mish', {}, 18],
    ['Neg'],
    ['Reciprocal'],
    ['Relu'],
    ['Round'],
    ['Selu'],
    ['Shrink', { lambd: { float: 0.7 }, bias: { float: 0.2 } }],
    ['Sigmoid'],
    ['Sign'],
    ['Sin'],
    ['Softplus'],
    ['Softsign'],
    ['Tanh'],
    ['ThresholdedRelu', alpha(0.4)],
    ['Gelu', {}, 20],
    ['Gelu', { approximate: 'tanh' }, 20],
  ].map(([op, attributes = {}, opset = 17]) => [
    `${op} ${JSON.stringify(attributes)}`,
    one(op as string, attributes as Record<string, Attribute>, { opset: opset as number, scale: 3 }),
  ]),
);

for (const op of ['Celu', 'Elu', 'Erf', 'Gelu', 'HardSwish', 'Mish', 'Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh']) {
  kUnary[`${op} of large numbers`] = one(op, {}, { opset: 20, scale: 120 });
}
