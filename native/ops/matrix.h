#ifndef TIDECAST_OPS_MATRIX_H_
#define TIDECAST_OPS_MATRIX_H_

#include <cstddef>

// Compiled for three generations of processors, the best of which is chosen when the library is loaded.
#define TIDECAST_CLONED __attribute__((target_clones("avx512f", "fma", "default")))

namespace tidecast {

using Index = std::ptrdiff_t;

// A matrix as it lies in memory: element (i, j) at data[i · row + j · column].
struct Matrix {
  const float* data;
  Index row;
  Index column;

  Matrix Transposed() const { return {data, column, row}; }
  Matrix From(Index i) const { return {data + i * row, row, column}; }
};

inline Matrix RowMajor(const float* data, Index columns) { return {data, columns, 1}; }

// c [rows, columns] += a [rows, depth] · b [depth, columns]; c is row-major.
void AddProduct(Index rows, Index columns, Index depth, Matrix a, Matrix b, float* c);

// As above, for products with the same b: b is laid out anew once, in panels of 16 columns.
class Factor {
 public:
  // `uses`: rows that will be multiplied with b in all; for a few it is not worth the copy.
  Factor(Index depth, Index columns, Matrix b, Index uses);
  ~Factor();
  Factor(const Factor&) = delete;
  Factor& operator=(const Factor&) = delete;

  // c [rows, columns] += a [rows, depth] · b
  void AddTo(Index rows, Matrix a, float* c) const;

 private:
  const Index depth_;
  const Index columns_;
  const Matrix b_;
  float* panels_ = nullptr;
};

}  // namespace tidecast

#endif  // TIDECAST_OPS_MATRIX_H_
