#pragma once
#include <string>

// Function is what a CUfunction points to.
struct Function {
  std::string name;
  int shared;  // bytes of dynamic shared memory that a launch may ask for
};
