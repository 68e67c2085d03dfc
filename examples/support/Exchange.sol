// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface Token {
  function transfer(address to, uint256 value) external returns (bool);
  function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// Swaps as SwapRouter02 does and quotes as QuoterV2 does, at a rate that anyone may set. It stands at the addresses of both.
contract Exchange {
  struct Swap {
    address tokenIn;
    address tokenOut;
    uint24 fee;
    address recipient;
    uint256 amountIn;
    uint256 amountOutMinimum;
    uint160 limit;
  }
  struct Quote {
    address tokenIn;
    address tokenOut;
    uint256 amountIn;
    uint24 fee;
    uint160 limit;
  }

  /// What comes for a thousand that is sold.
  uint256 public rate;

  function setRate(uint256 value) external {
    rate = value;
  }

  function quoteExactInputSingle(Quote calldata quote) external view returns (uint256, uint160, uint32, uint256) {
    return ((quote.amountIn * rate) / 1000, 0, 0, 0);
  }

  function multicall(uint256 deadline, bytes[] calldata calls) external payable {
    require(block.timestamp <= deadline, "Transaction too old");
    for (uint256 index = 0; index < calls.length; index++) {
      (bool done, ) = address(this).delegatecall(calls[index]);
      require(done, "it failed");
    }
  }

  function exactInputSingle(Swap calldata swap) external payable returns (uint256 amount) {
    amount = (swap.amountIn * rate) / 1000;
    require(amount >= swap.amountOutMinimum, "Too little received");
    require(Token(swap.tokenIn).transferFrom(msg.sender, address(this), swap.amountIn), "it was not paid");
    require(Token(swap.tokenOut).transfer(swap.recipient, amount), "it was not given");
  }
}
